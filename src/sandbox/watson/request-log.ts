/**
 * The requests that a Watson stand-in has seen, without the credentials of the services.
 */
import { RequestLog as HttpRequestLog } from "../http/request-log.ts";

export type { SeenRequest } from "../http/request-log.ts";

const SECRET_HEADERS = new Set(["authorization", "x-watson-authorization-token", "cookie"]);
/** Tokens of WebSockets, and what callers prove themselves with to an application. */
const SECRET_QUERY = /^[^?]*\?(?:.*&)?(?:access_token|user_secret)=/;

export class RequestLog extends HttpRequestLog {
  constructor() {
    super({ headers: SECRET_HEADERS, query: SECRET_QUERY });
  }
}
