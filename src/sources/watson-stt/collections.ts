/**
 * The collections of Speech to Text.
 */
import { captureAcousticModels } from "./acoustic-models/capture.ts";
import { compareAcousticModels } from "./acoustic-models/compare.ts";
import { readAcousticModelItems } from "./acoustic-models/present-items.ts";
import { acousticModelReadiness } from "./acoustic-models/readiness.ts";
import { restoreAcousticModels } from "./acoustic-models/restore.ts";
import type { SttCollection } from "./collection.ts";
import { captureJobs } from "./jobs/capture.ts";
import { compareJobs } from "./jobs/compare.ts";
import { readJobItems } from "./jobs/present-items.ts";
import { jobReadiness } from "./jobs/readiness.ts";
import { restoreJobs } from "./jobs/restore.ts";
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
  [
    "acoustic-models",
    {
      capture: captureAcousticModels,
      restore: restoreAcousticModels,
      compare: compareAcousticModels,
      readItems: readAcousticModelItems,
      readiness: acousticModelReadiness,
    },
  ],
  [
    "jobs",
    {
      capture: captureJobs,
      restore: restoreJobs,
      compare: compareJobs,
      readItems: readJobItems,
      readiness: jobReadiness,
    },
  ],
]);
