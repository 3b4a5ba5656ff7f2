/**
 * Whether a restored model is trained, and with which options. The service never shows the options of a training: what was not captured is
 * unknown, and the service's own defaults stand in for it.
 */
import type { KeptModel } from "./kept-model.ts";
import { familyOf } from "./base-models.ts";
import type { CustomModel } from "../custom-model.ts";
import { wasTrained } from "../model-status.ts";
import type { RestoreSettings } from "../settings.ts";

export interface Training {
  readonly train: boolean;
  readonly query: Readonly<Record<string, string | boolean | undefined>>;
  /** What is different from how it was trained, or not known; one sentence each. */
  readonly caveats: readonly string[];
}

const NO_TRAINING: Training = { train: false, query: {}, caveats: [] };

/** `changed`: this restore writes to the model. */
export function planTraining(
  kept: KeptModel,
  present: CustomModel,
  changed: boolean,
  { train, strict }: RestoreSettings,
): Training {
  const wanted = train ?? (kept.model !== undefined && wasTrained(kept.model.status));
  const due = changed || !wasTrained(present.status);
  if (train === undefined && changed && kept.training !== undefined && kept.model?.status === "ready") {
    return {
      ...NO_TRAINING,
      caveats: [
        "It had been trained, and changed since: the source still recognised with its last training, which cannot be had again. Train it (train=true) to use it.",
      ],
    };
  }
  if (!wanted || !due) return NO_TRAINING;
  const caveats: string[] = [];
  const asked = kept.training?.query ?? {};
  const { word_type_to_add: wordType, customization_weight: weight } = asked;
  const migrated = kept.model !== undefined && kept.model.baseModel !== present.baseModel;
  if (kept.training === undefined) {
    caveats.push(
      "The options of its last training were never captured: it is trained with the service's defaults.",
    );
  }
  if (migrated && weight !== undefined) {
    caveats.push(
      `Its weight ${weight} is not carried over to ${present.baseModel}, which has a default of its own.`,
    );
  }
  if (asked["strict"] === "false" && strict !== false) {
    caveats.push(
      "It was trained with strict=false; now everything must be sound, unless strict=false is set.",
    );
  }
  return {
    train: true,
    query: {
      // Elsewhere the service ignores it.
      word_type_to_add: familyOf(present.baseModel) === "pg" ? wordType : undefined,
      customization_weight: migrated ? undefined : weight,
      ...(strict === undefined ? {} : { strict }),
    },
    caveats,
  };
}
