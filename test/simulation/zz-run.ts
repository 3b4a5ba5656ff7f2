import { History } from "./history.ts";
for (let s = 1; s <= 20; s++) { try { await new History(s).live(40); } catch (e) { console.log(String((e as Error).message).slice(0, 300)); } }
const u = process.cpuUsage(); console.log("cpu per history ms", (u.user + u.system) / 20000);
