/**
 * Calls of 2022-08-31 and later that several tests make: versions, paths, and the requests around a copy from `west` to `east`.
 */
import type { Answer, Stand } from "./form-recognizer-v3-stand.ts";
import { SOURCE } from "./form-recognizer-v3-stand.ts";

export const V30 = "api-version=2022-08-31";
export const V31 = "api-version=2023-07-31";
export const V40 = "api-version=2024-11-30";
export const F = "/formrecognizer";
export const D = "/documentintelligence";

export interface CopyCalls {
  readonly build: (modelId: string, more?: object) => Promise<Answer>;
  readonly authorize: (modelId: unknown, more?: object) => Promise<Answer>;
  readonly copyTo: (id: string, body: unknown) => Promise<Answer>;
}

/** `stand`: the one of the test that calls. */
export function copyCalls(stand: () => Stand): CopyCalls {
  return {
    build: async (modelId, more = {}) => {
      const body = { modelId, buildMode: "template", azureBlobSource: { containerUrl: SOURCE }, ...more };
      return stand().call("west", "POST", `${D}/documentModels:build?${V40}`, body);
    },
    authorize: async (modelId, more = {}) =>
      stand().call("east", "POST", `${D}/documentModels:authorizeCopy?${V40}`, { modelId, ...more }),
    copyTo: async (id, body) => stand().call("west", "POST", `${D}/documentModels/${id}:copyTo?${V40}`, body),
  };
}
