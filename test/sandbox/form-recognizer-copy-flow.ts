/**
 * One copy from `west` into `east`, in the words of v2.x or of later versions, so that what both promise is told once.
 */
import type { Answer, Stand } from "./form-recognizer-v3-stand.ts";

type Body = Record<string, unknown>;

/** A ticket in a copy request: the parts that a caller can get wrong, and the rest. */
export interface Request {
  resourceId: string;
  region: string;
  targetId: string;
  token: string;
  /** As the version writes it. */
  expires: unknown;
}

export interface CopyEnd {
  readonly status: unknown;
  /** What clients are told: code and message of the innermost error. */
  readonly code?: unknown;
  readonly message?: unknown;
}

/** How a version is spoken to. */
export interface Speech {
  readonly name: string;
  /** What `makeModel` needs to make a source that this version sees. */
  readonly apiVersion: string;
  /** Seconds that a ticket lives. */
  readonly ticketSeconds: number;
  authorize(stand: Stand, target: string): Promise<Request>;
  /** A later or earlier expiry in the version's form. */
  shift(expires: unknown, seconds: number): unknown;
  submit(
    stand: Stand,
    source: string,
    id: string,
    request: Request,
    headers?: Record<string, string>,
  ): Promise<Answer>;
  poll(stand: Stand, source: string, submitted: Answer): Promise<CopyEnd>;
  read(stand: Stand, resource: string, id: string): Promise<Answer>;
}

const V2 = "/formrecognizer/v2.1/custom/models";

export const V2_SPEECH: Speech = {
  name: "v2.1",
  apiVersion: "v2.1",
  ticketSeconds: 86_400,
  authorize: async (stand, target) => {
    const { body } = await stand.call(target, "POST", `${V2}/copyAuthorization`);
    const { resourceId, region } = stand.sandbox.resource(target);
    return {
      resourceId,
      region,
      targetId: String(body["modelId"]),
      token: String(body["accessToken"]),
      expires: body["expirationDateTimeTicks"],
    };
  },
  shift: (expires, seconds) => Number(expires) + seconds,
  submit: async (stand, source, id, request, headers) =>
    stand.call(
      source,
      "POST",
      `${V2}/${id}/copy`,
      {
        targetResourceId: request.resourceId,
        targetResourceRegion: request.region,
        copyAuthorization: {
          modelId: request.targetId,
          accessToken: request.token,
          expirationDateTimeTicks: request.expires,
        },
      },
      headers,
    ),
  poll: async (stand, source, submitted) => {
    const { body } = await stand.call(source, "GET", submitted.headers.get("operation-location") ?? "");
    const { errors } = body["copyResult"] as { errors?: readonly Body[] };
    return { status: body["status"], code: errors?.[0]?.["code"], message: errors?.[0]?.["message"] };
  },
  read: async (stand, resource, id) => stand.call(resource, "GET", `${V2}/${id}?includeKeys=true`),
};

export const V4_SPEECH: Speech = {
  name: "2024-11-30",
  apiVersion: "2024-11-30",
  ticketSeconds: 3600,
  authorize: async (stand, target) => {
    const wanted = { modelId: `copy-${stand.sandbox.models(target).length}` };
    const path = "/documentintelligence/documentModels:authorizeCopy?api-version=2024-11-30";
    const { body } = await stand.call(target, "POST", path, wanted);
    return {
      resourceId: String(body["targetResourceId"]),
      region: String(body["targetResourceRegion"]),
      targetId: String(body["targetModelId"]),
      token: String(body["accessToken"]),
      expires: body["expirationDateTime"],
    };
  },
  shift: (expires, seconds) => new Date(Date.parse(String(expires)) + seconds * 1000).toISOString(),
  submit: async (stand, source, id, request, headers) =>
    stand.call(
      source,
      "POST",
      `/documentintelligence/documentModels/${id}:copyTo?api-version=2024-11-30`,
      {
        targetResourceId: request.resourceId,
        targetResourceRegion: request.region,
        targetModelId: request.targetId,
        targetModelLocation: "https://somewhere/",
        accessToken: request.token,
        expirationDateTime: request.expires,
      },
      headers,
    ),
  poll: async (stand, source, submitted) => {
    const { body } = await stand.call(source, "GET", submitted.headers.get("operation-location") ?? "");
    const error = body["error"] as Body | undefined;
    const inner = (error?.["innererror"] as Body | undefined) ?? error;
    return { status: body["status"], code: inner?.["code"], message: inner?.["message"] };
  },
  read: async (stand, resource, id) =>
    stand.call(resource, "GET", `/documentintelligence/documentModels/${id}?api-version=2024-11-30`),
};
