/**
 * The collections of Speech to Text.
 */
import type { SttCollection } from "./collection.ts";
import { captureLanguageModels } from "./language-models/capture.ts";
import { compareLanguageModels } from "./language-models/compare.ts";
import { readLanguageModelItems } from "./language-models/present-items.ts";
import { languageModelReadiness } from "./language-models/readiness.ts";
import { restoreLanguageModels } from "./language-models/restore.ts";

/** In the order in which they have to be restored. */
export const STT_COLLECTIONS: ReadonlyMap<string, SttCollection> = new Map([
  [
    "language-models",
    {
      capture: captureLanguageModels,
      restore: restoreLanguageModels,
      compare: compareLanguageModels,
      readItems: readLanguageModelItems,
      readiness: languageModelReadiness,
    },
  ],
]);
