/** Tries to create the same objects as its rivals; prints the numbers it won. Arguments: folder, own name, count, hard links. */
import { openFolder } from "../../../../src/repository/storage/folder.ts";

const [folder, name, count, hardLinks] = process.argv.slice(2) as [string, string, string, string];
const storage = openFolder(folder, { hardLinks: hardLinks === "true" });
const won: number[] = [];

process.stdout.write("ready\n");
await new Promise((resolve) => process.stdin.once("data", resolve));
for (let index = 0; index < Number(count); index++) {
  if ((await storage.create(`race/${index}`, Buffer.from(`${name} ${index}`))) === "created") won.push(index);
}
process.stdout.write(`${JSON.stringify(won)}\n`);
process.exit();
