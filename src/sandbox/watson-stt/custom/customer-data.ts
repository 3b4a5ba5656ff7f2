/**
 * Deleting what a customer's label is on: resources and words of every custom model of an instance. It does not ask for locks.
 */
import { transaction } from "../../http/storage.ts";
import type { CustomModels } from "./custom-models.ts";
import type { CustomModel } from "./model.ts";

export function forgetCustomer(models: CustomModels, instance: string, customer: string): void {
  for (const kind of ["language", "acoustic"] as const) {
    for (const model of models.list(instance, kind)) {
      transaction(models.state.sqlite, () => {
        forgetIn(models, model, customer);
      });
    }
  }
}

function forgetIn(models: CustomModels, model: CustomModel, customer: string): void {
  const labelled = models.resources.list(model.id).filter((resource) => resource.customer === customer);
  for (const { kind, name } of labelled) models.forgetResource(model, kind, name);
  const words = models.words.removeCustomer(model.id, customer);
  const { operation } = model;
  if (operation?.kind === "words") {
    const kept = operation.words.filter((word) => word.customer !== customer);
    model.operation = { ...operation, words: kept };
  }
  if (operation !== undefined) models.store.save(model);
  else if (labelled.length + words > 0) models.changed(model);
}
