import { describe, expect, it } from "vitest";
import { keyOf } from "../../../src/model/key.ts";
import { DAY_MS } from "../../../src/model/policy/policy.ts";
import type { RetiredEntry } from "../../../src/repository/manifest.ts";
import { generationIn, LEASES_FOLDER_PROBE } from "../../../src/repository/paths.ts";
