/**
 * Opens a resource's service in the generation that its source is configured for.
 */
import type { Clock } from "../../../model/clock.ts";
import type { FormConfig } from "../config.ts";
import { FormClient } from "./client.ts";
import type { FormService } from "./face.ts";
import { serviceOfV2 } from "./v2.ts";
import { serviceOfV3 } from "./v3.ts";

/** Connections are made at first use. Errors: `config-invalid`. */
export function openFormService(config: FormConfig, clock: Clock): FormService {
  const client = new FormClient(config, clock);
  const { apiVersion } = config;
  return apiVersion === "v2.0" || apiVersion === "v2.1"
    ? serviceOfV2(client, apiVersion, config)
    : serviceOfV3(client, apiVersion);
}
