import { once } from "node:events";
import type { Command } from "commander";
import { defineCommand, type App } from "../command.ts";
import { countOf, visible } from "../format.ts";
import type { GatewayDocument } from "../json-types.ts";

export function gatewayCommand(app: App): Command {
  return defineCommand(app, {
    usage: "gateway",
    summary: "keep what applications upload to Watson services while it passes, until stopped",
    details:
      "Applications use it by changing their service URL. Every upload passes to the service unchanged, and is committed to the repository\n" +
      "once the service has accepted it. The configuration's gateway section says where it listens, where it spools and which instances it\n" +
      "serves. It needs a key with the write right and none of the services' credentials. Alarms are warnings on stderr.",
    examples: ["holdfast gateway", "holdfast gateway --json"],
    json: { form: "document", type: "GatewayDocument" },
    run: async (invocation) => {
      const { out, signal } = invocation;
      const { gatewaySettings } = await import("../../catalog/config/gateway-options.ts");
      const settings = await gatewaySettings(await invocation.config());
      await using workspace = await invocation.open("none");
      const gateway = await invocation.operations.openGateway(
        workspace,
        settings,
        ({ message }) => out.warn(message),
        // Not the signal: what has been accepted is committed after it.
        { warn: invocation.hooks.warn },
      );
      try {
        const instances = settings.instances.map(({ source, prefix }) => ({
          source,
          url: `${gateway.url}${prefix}`,
        }));
        if (out.json) await out.document({ url: gateway.url, instances } satisfies GatewayDocument);
        else await out.facts(instances.map(({ source, url }) => [source, url] as const));
        out.note("Ctrl-C stops it; what has been accepted is committed first.");
        if (!signal.aborted) await once(signal, "abort");
      } finally {
        await gateway.close();
      }
      const waiting = gateway.health().instances.reduce((sum, instance) => sum + instance.waiting, 0);
      if (waiting > 0) {
        out.warn(
          `${countOf(waiting, "upload")} could not be committed and ${waiting === 1 ? "waits" : "wait"} in ${visible(settings.spool.folder)}: start the gateway again.`,
        );
      }
    },
  });
}
