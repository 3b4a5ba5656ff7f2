/**
 * The two token services next to a Watson service: IBM Cloud's IAM and the platform's of Cloud Pak for Data.
 */
import type { Accounts } from "./accounts.ts";
import { badRequest, unauthorized } from "./errors.ts";
import type { Exchange } from "./exchange.ts";

/** IAM's path; it has no version. */
export const IAM_PATH = "/identity/token";

const API_KEY_GRANT = "urn:ibm:params:oauth:grant-type:apikey";
const BAD_REQUEST = 400;

/** `POST /identity/token`; refusals have IAM's form, not the service's. */
export async function identityToken(exchange: Exchange, accounts: Accounts): Promise<void> {
  const form = await exchange.form();
  const apiKey = form.get("apikey") ?? "";
  if (form.get("grant_type") !== API_KEY_GRANT) {
    refuse(exchange, "BXNIM0109E", "Property missing or empty: grant_type");
  } else if (accounts.hasApiKey(apiKey)) {
    const { token, expiresIn, expiration } = accounts.issue("iam");
    exchange.json(200, {
      access_token: token,
      refresh_token: "not_supported",
      token_type: "Bearer",
      expires_in: expiresIn,
      expiration,
      scope: "ibm openid",
    });
  } else {
    refuse(exchange, "BXNIM0415E", "Provided API key could not be found.");
  }
}

function refuse(exchange: Exchange, errorCode: string, errorMessage: string): void {
  exchange.json(BAD_REQUEST, {
    errorCode,
    errorMessage,
    context: { requestId: exchange.transactionId, url: "https://iam.cloud.ibm.com", instanceId: "stand-in" },
  });
}

/** `POST …/v1/authorize`. Throws 400 without a user name, 401 for wrong credentials. */
export async function authorize(exchange: Exchange, accounts: Accounts): Promise<void> {
  const { username, password, api_key: apiKey } = await exchange.object();
  if (typeof username !== "string") throw badRequest("Required parameter 'username' is missing");
  const secret = typeof apiKey === "string" ? { apiKey } : typeof password === "string" ? { password } : {};
  if (Object.keys(secret).length === 0 || !accounts.hasUser(username, secret)) throw unauthorized();
  const { token } = accounts.issue(username);
  exchange.json(200, { token, _messageCode_: "200", message: "success" });
}
