/**
 * One act of retention on the repository in a folder, by a process that kills itself at its nth storage call, before it or
 * right after it was carried out. Prints how many calls it made where it lives on.
 *
 * Arguments: folder, act, time, n, `before` or `after`.
 */
import type { Repository } from "../../../src/repository/repository.ts";
import { openWorkspace } from "../../../src/operations/workspace.ts";
import { hookedStorage } from "../../simulation/hooked-storage.ts";
import { actOn } from "../../simulation/scene.ts";
import { PASSPHRASE } from "../house.ts";

const [folder = "", act = "", time = "", nth = "", moment = ""] = process.argv.slice(2);

await using workspace = await openWorkspace({
  repository: { folder },
  credential: { kind: "passphrase", passphrase: PASSPHRASE },
  sources: [],
});
let calls = 0;
const die = (): void => {
  process.kill(process.pid, "SIGKILL");
};
const storage = hookedStorage(workspace.repository.storage, async (_call, _path, carryOut) => {
  const strikes = calls++ === Number(nth);
  if (strikes && moment === "before") die();
  const answer = await carryOut();
  if (strikes) die();
  return answer;
});
const repository: Repository = { ...workspace.repository, storage };
await actOn(repository, act, Number(time));
process.stdout.write(`${calls}\n`);
