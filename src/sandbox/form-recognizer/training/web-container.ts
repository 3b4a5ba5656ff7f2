/**
 * A container read over HTTP: the two calls of the Blob service that a training needs, with the signature that the URL brought.
 */
import type { TrainingContainer } from "./container.ts";

/** A version of the Blob service that every stand-in of it knows. */
const BLOB_VERSION = "2020-10-02";
/** Patience with one call, ms: a dead container must not stop the stand-in for long. */
const CALL_TIMEOUT_MS = 10_000;

const ENTITIES: Readonly<Record<string, string>> = {
  "&amp;": "&",
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&apos;": "'",
};

/** `unreadable` makes the error for a container that does not answer as one. */
export function webContainer(url: string, unreadable: (reason: string) => Error): TrainingContainer {
  const base = new URL(url);
  const call = async (address: URL): Promise<Response> => {
    const response = await fetch(address, {
      headers: { "x-ms-version": BLOB_VERSION },
      signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
    }).catch(() => {
      throw unreadable("the container cannot be reached");
    });
    if (!response.ok) throw unreadable(`the container answered ${response.status}`);
    return response;
  };
  return {
    list: async (prefix) => {
      const names: string[] = [];
      let marker = "";
      do {
        const address = new URL(base);
        const query = { restype: "container", comp: "list", ...(prefix === "" ? {} : { prefix }) };
        for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
        if (marker !== "") address.searchParams.set("marker", marker);
        const xml = await (await call(address)).text();
        for (const [, blob = ""] of xml.matchAll(/<Blob>(.*?)<\/Blob>/gs))
          names.push(elementOf(blob, "Name"));
        marker = elementOf(xml, "NextMarker");
      } while (marker !== "");
      return names;
    },
    read: async (name) => {
      const address = new URL(base);
      const path = name.split("/").map(encodeURIComponent).join("/");
      address.pathname = `${base.pathname.replace(/\/+$/, "")}/${path}`;
      return Buffer.from(await (await call(address)).arrayBuffer());
    },
  };
}

/** The text of the first such element; empty if there is none. */
function elementOf(xml: string, name: string): string {
  const text = new RegExp(`<${name}(?: [^>]*)?>([^<]*)</${name}>`).exec(xml)?.[1] ?? "";
  return text.replaceAll(/&(?:amp|lt|gt|quot|apos);/g, (entity) => ENTITIES[entity] ?? entity);
}
