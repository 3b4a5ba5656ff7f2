import { History } from "./history.ts";
const t = performance.now();
for (let s = 1; s <= 40; s++) { try { await new History(s).live(40); } catch (e) { console.log(String((e as Error).message).slice(0, 600)); } }
console.log((performance.now() - t) / 40);
