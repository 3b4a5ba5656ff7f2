/**
 * What a forward edit must do to one document so that it holds again what it held at the instant.
 */
import type { Version } from "../../../model/version.ts";
import type { RestoreAction } from "../../source.ts";
import { sameAttachment, sameBody } from "../content-equality.ts";
import type { PresentLeaf } from "../leaves.ts";
import type { Reuse } from "./attachments.ts";
import { contentText, storedLeaves, type StoredLeaf } from "./leaf-document.ts";
import type { RestoreRun } from "./run.ts";
import type { LeafWrite } from "./write-leaves.ts";

export interface EditPlan {
  readonly version: Version;
  readonly id: string;
  readonly action: Extract<RestoreAction, "create" | "change" | "delete" | "same">;
  /** The next revision on the present winner; absent where the winner is right as it is. */
  readonly write?: LeafWrite;
  /** Live leaves that the instant did not have: deleted once the winner stands. */
  readonly surplus: readonly PresentLeaf[];
  /** All present leaves. */
  readonly present: readonly PresentLeaf[];
}

/** `present`: the document's leaves now, winner first. */
export async function planEdit(
  run: RestoreRun,
  version: Version,
  present: readonly PresentLeaf[],
): Promise<EditPlan> {
  const leaves = storedLeaves(version);
  const [wanted] = leaves;
  const id = version.key.toString("utf8");
  const live = present.filter((leaf) => !leaf.deleted);
  const [winner] = live;
  const kept = new Set(leaves.map((leaf) => leaf.rev));
  const others = live.slice(1);
  if (version.kind !== "live") {
    if (winner === undefined) return { version, id, action: "same", surplus: [], present };
    const tombstone = wanted ?? emptyLeaf(id);
    const write = editOf(tombstone, winner, true);
    return { version, id, action: "delete", write, surplus: others, present };
  }
  const surplus = others.filter((leaf) => !kept.has(leaf.rev));
  if (wanted === undefined) return { version, id, action: "same", surplus: [], present };
  if (winner === undefined) {
    const write = { leaf: wanted, text: contentText(wanted, undefined, false) };
    return { version, id, action: "create", write, surplus, present };
  }
  if (await sameContent(run, wanted, winner)) {
    return { version, id, action: surplus.length === 0 ? "same" : "change", surplus, present };
  }
  return { version, id, action: "change", write: editOf(wanted, winner, false), surplus, present };
}

function editOf(leaf: StoredLeaf, winner: PresentLeaf, deleted: boolean): LeafWrite {
  const reuse: Reuse = ({ stub }) =>
    winner.attachments.find(
      (present) =>
        present.name === stub.name &&
        present.digest === stub.digest &&
        present.contentType === stub.contentType,
    );
  return { leaf, text: contentText(leaf, winner.rev, deleted), reuse };
}

/** A tombstone of which nothing but the fact was kept. */
function emptyLeaf(id: string): StoredLeaf {
  return {
    id,
    rev: "",
    deleted: true,
    revisions: undefined,
    attachments: [],
    part: Buffer.from("{}"),
    stored: [],
  };
}

/** Whether the present winner holds what the stored leaf holds. */
async function sameContent(run: RestoreRun, wanted: StoredLeaf, winner: PresentLeaf): Promise<boolean> {
  if (wanted.stored.length !== winner.attachments.length) return false;
  if (!sameBody(wanted.part, winner.text)) return false;
  for (const { stub, blob } of wanted.stored) {
    const there = winner.attachments.find((present) => present.name === stub.name);
    if (there === undefined) return false;
    const place = { database: run.database, id: wanted.id, rev: winner.rev };
    if (!(await sameAttachment(stub, blob, there, place, run.context.signal))) return false;
  }
  return true;
}
