/**
 * What a copy looks like in the target: what comes along, what is renamed, and what the authorisation decides instead.
 */
import type { Millis } from "../../../model/clock.ts";
import { wireTime } from "../state.ts";
import type { StoredModel, StoredTicket } from "../stored.ts";
import { isAtLeast } from "../v3/call.ts";

interface CopyPlace {
  readonly ticket: StoredTicket;
  /** The version that the copy was called with. */
  readonly apiVersion: string;
  /** When the copy is done. */
  readonly done: Millis;
}

export function copiedModel(source: StoredModel, place: CopyPlace): StoredModel {
  const { ticket, apiVersion } = place;
  const moved: StoredModel = { ...source, resource: ticket.resource, id: ticket.targetId };
  // v2.x: the same to the bit, with the ids of the source's components. Only the id differs.
  if (source.apiVersion.startsWith("v2")) return moved;
  const { description: _of_source, ...rest } = moved;
  const since2024 = isAtLeast(apiVersion, "2024-11-30");
  return {
    ...rest,
    ...(ticket.description === undefined ? {} : { description: ticket.description }),
    // A copied classifier keeps its description and loses its tags.
    tags: source.kind === "classifiers" ? {} : ticket.tags,
    created: since2024 ? wireTime(place.done) : source.created,
    content:
      since2024 && source.kind === "models"
        ? renamedDocTypes(source.content, source.id, ticket.targetId)
        : source.content,
  };
}

/** From 2024-11-30 on the document type that has the model's name takes the copy's; before, it keeps the source's. */
function renamedDocTypes(content: StoredModel["content"], from: string, to: string): StoredModel["content"] {
  const docTypes = content["docTypes"];
  if (typeof docTypes !== "object" || docTypes === null) return content;
  const renamed = Object.entries(docTypes).map(([name, value]) => [name === from ? to : name, value]);
  return { ...content, docTypes: Object.fromEntries(renamed) };
}
