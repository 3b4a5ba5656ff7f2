import type { LiveCopies } from "../../source.ts";
import type { FormResource } from "../resource.ts";

export function liveCopies({ service, config }: FormResource): LiveCopies {
  return {
    async *copyTo() {
      throw new Error("being written");
    },
    async *routes() {
      throw new Error("being written");
    },
    address: { endpoint: service.endpoint, apiVersion: config.apiVersion },
  };
}
