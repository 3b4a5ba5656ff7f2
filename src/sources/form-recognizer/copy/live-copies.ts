/**
 * Copies of the resource's models in other resources: the only backup of a model itself that there is.
 */
import type { LiveCopies } from "../../live-copies.ts";
import type { FormResource } from "../resource.ts";
import { routesOf } from "./routes.ts";
import { syncCopies } from "./sync.ts";

export function liveCopies(resource: FormResource): LiveCopies {
  const { service, config } = resource;
  return {
    copyTo: (request, context) => syncCopies(resource, request, context),
    routes: (request, context) => routesOf(resource, request, context),
    address: {
      endpoint: service.endpoint,
      apiVersion: config.apiVersion,
      ...(config.region === undefined ? {} : { region: config.region }),
      ...(config.resourceId === undefined ? {} : { resourceId: config.resourceId }),
    },
  };
}
