/**
 * `/_session` and the stand-in of IBM's token service at `/identity/token`.
 */
import type { Exchange } from "./exchange.ts";
import { CouchError, methodNotAllowed } from "./errors.ts";
import type { ServerState } from "./state.ts";

export async function session(exchange: Exchange, state: ServerState): Promise<void> {
  switch (exchange.method) {
    case "GET":
      await exchange.send(200, describe(exchange));
      return;
    case "POST":
      await logIn(exchange, state);
      return;
    case "DELETE":
      await exchange.send(200, '{"ok":true}', { "Set-Cookie": state.accounts.cookieFor(null) });
      return;
    default:
      throw methodNotAllowed("GET,HEAD,POST,DELETE");
  }
}

function describe({ user }: Exchange): string {
  const info: Record<string, unknown> = { authentication_handlers: ["cookie", "default"] };
  if (user.authenticated !== undefined) info["authenticated"] = user.authenticated;
  return JSON.stringify({ ok: true, userCtx: { name: user.name, roles: user.roles }, info });
}

async function logIn(exchange: Exchange, state: ServerState): Promise<void> {
  const { name, password } = await credentials(exchange);
  try {
    const user = state.accounts.logIn(name, password);
    const body = JSON.stringify({ ok: true, name: user.name, roles: user.roles });
    await exchange.send(200, body, { "Set-Cookie": state.accounts.cookieFor(name) });
  } catch (error) {
    if (!(error instanceof CouchError)) throw error;
    throw new CouchError(error.status, error.code, error.reason, {
      "Set-Cookie": state.accounts.cookieFor(null),
    });
  }
}

async function credentials(exchange: Exchange): Promise<{ name: string; password: string }> {
  if (exchange.header("content-type")?.startsWith("application/x-www-form-urlencoded") === true) {
    const form = new URLSearchParams((await exchange.body()).toString("utf8"));
    return { name: form.get("name") ?? form.get("username") ?? "", password: form.get("password") ?? "" };
  }
  exchange.requireJson();
  const { name, username, password } = await exchange.object();
  return { name: text(name ?? username), password: text(password) };
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Tokens for API keys; errors in IBM's form, not CouchDB's. */
export async function identityToken(exchange: Exchange, state: ServerState): Promise<void> {
  if (exchange.method !== "POST") throw methodNotAllowed("POST");
  const form = new URLSearchParams((await exchange.body()).toString("utf8"));
  try {
    if (form.get("grant_type") !== "urn:ibm:params:oauth:grant-type:apikey") {
      throw new CouchError(400, "BXNIM0109E", "Property missing or empty: grant_type.");
    }
    const { token, expiresIn, expiration } = state.accounts.issueToken(form.get("apikey") ?? "");
    const answer = {
      access_token: token,
      refresh_token: "not_supported",
      token_type: "Bearer",
      expires_in: expiresIn,
      expiration,
      scope: "ibm openid",
    };
    await exchange.send(200, JSON.stringify(answer));
  } catch (error) {
    if (!(error instanceof CouchError)) throw error;
    const answer = {
      errorCode: error.code,
      errorMessage: error.reason,
      context: { requestType: "incoming.Token_Request" },
    };
    await exchange.send(error.status, JSON.stringify(answer));
  }
}
