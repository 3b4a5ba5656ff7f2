/**
 * The capture gateway's face: start it, give it a way to commit, hear its alarms.
 */
export { startGateway } from "./gateway.ts";
export type {
  AlarmKind,
  Commit,
  FlushOptions,
  Gateway,
  GatewayAlarm,
  GatewayHealth,
  GatewayOptions,
  InstanceCounts,
  InstanceHealth,
  InstanceKind,
  InstanceOptions,
  OnUnreachable,
  SpoolOptions,
} from "./options.ts";
