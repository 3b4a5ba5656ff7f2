/**
 * The calls of what hangs below acoustic models, beside those that all custom models have. Different audio resources may be added at the
 * same time; while a model trains, nothing can be added.
 */
import type { BlobRef } from "../../../model/version.ts";
import type { SourceContext, VersionReader } from "../../source.ts";
import type { WatsonClient } from "../../watson/client.ts";
import type { CaptureNote } from "../../watson/captures.ts";
import { customModelOf } from "../custom-model.ts";
import { labelOf, ModelCalls, type ModelKind } from "../model-calls.ts";
import { audioResourceOf, isArchive, type AudioResource } from "./audio.ts";

const ACOUSTIC_MODELS: ModelKind = {
  path: "/v1/acoustic_customizations",
  noun: "acoustic model",
  feature: "custom_acoustic_model",
};

/** Time between two looks, ms: the vendor says once a minute, because trainings last as long as their audio. */
const POLL_MS = 60_000;

/** A recording or archive on its way. */
export interface AudioUpload {
  readonly name: string;
  readonly note: CaptureNote;
  readonly content: BlobRef;
  readonly reader: Pick<VersionReader, "blob">;
}

export class AcousticModelCalls extends ModelCalls {
  constructor(client: WatsonClient, context: SourceContext) {
    super(client, context, ACOUSTIC_MODELS, POLL_MS);
  }

  /** Every resource, archives with their members. */
  async audio(id: string): Promise<AudioResource[]> {
    const elements = await this.#elements(id);
    const found: AudioResource[] = [];
    for (const element of elements) found.push(await this.#withMembers(id, element));
    return found;
  }

  async #elements(id: string): Promise<Buffer[]> {
    return await this.list(this.at(id, "audio"), "audio", `list the audio of acoustic model ${id}`);
  }

  async #withMembers(id: string, element: Buffer): Promise<AudioResource> {
    const listed = audioResourceOf(element);
    if (!isArchive(listed)) return listed;
    const { name } = listed;
    const members = await this.wait(`model ${id}`, () =>
      this.client.raw(
        {
          method: "GET",
          path: this.at(id, "audio", name),
          purpose: `read archive "${name}" of acoustic model ${id}`,
          repeatable: true,
        },
        this.context.signal,
      ),
    );
    return audioResourceOf(element, members);
  }

  /** Replaces what has this name. In the very types that it was sent with. */
  async upload(id: string, { name, note, content, reader }: AudioUpload): Promise<void> {
    const { contentType = "audio/wav", containedContentType, customer } = note;
    await this.send(
      {
        method: "POST",
        path: this.at(id, "audio", name),
        query: { allow_overwrite: true },
        headers: {
          "content-type": contentType,
          ...(containedContentType === undefined ? {} : { "contained-content-type": containedContentType }),
          ...labelOf(customer),
        },
        body: { length: content.length, open: () => reader.blob(content) },
        purpose: `add audio "${name}" to acoustic model ${id}`,
      },
      true,
    );
  }

  /** Waits until the service has analysed it: one listing for each look, whatever archives there are. Undefined when it is not there. */
  async analysed(id: string, name: string): Promise<AudioResource | undefined> {
    const { element } = await this.until(`the analysis of audio "${name}"`, async () => {
      const found = (await this.#elements(id)).find((one) => audioResourceOf(one).name === name);
      const isWorkedOn = found !== undefined && audioResourceOf(found).status === "being_processed";
      return isWorkedOn ? undefined : { element: found };
    });
    return element && (await this.#withMembers(id, element));
  }

  async deleteAudio(id: string, name: string): Promise<void> {
    const path = this.at(id, "audio", name);
    await this.send({ method: "DELETE", path, purpose: `delete audio "${name}"` }, true);
  }

  /** Status of the language model that an acoustic one is trained with; undefined when it is not there. */
  async languageModelStatus(id: string): Promise<string | undefined> {
    const listed = await this.list("/v1/customizations", "customizations", "list the language models");
    return listed.map(customModelOf).find((model) => model.id === id)?.status;
  }
}
