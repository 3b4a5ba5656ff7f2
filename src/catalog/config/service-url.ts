/**
 * Addresses of services as the configuration may hold them. They are shown in listings and errors, so nothing secret
 * may be part of them.
 */

/** What is wrong with an address, with the fix, never quoting it; undefined when it may be used. */
export function addressProblem(text: string): string | undefined {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return "this is not an address; write it like https://account.cloudant.com";
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    return "an address begins with https:// or http://";
  }
  if (url.username !== "" || url.password !== "") {
    return "an address must not hold credentials: remove what stands before the @ and put it under auth";
  }
  if (url.search !== "" || url.hash !== "") {
    return "an address ends with its path: remove everything from the first ? or # on";
  }
  return undefined;
}
