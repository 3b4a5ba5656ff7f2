/**
 * The errors of 2022-08-31 and later, worded as the service words them: what kind, and inside what exactly. Texts that nobody has recorded are
 * told apart in docs/form-recognizer-stand-ins.md.
 */
import type { ErrorBody, FormError } from "../errors.ts";
import { nestedError } from "../errors.ts";

const INVALID_ARGUMENT = ["InvalidArgument", "Invalid argument."] as const;
const INVALID_REQUEST = ["InvalidRequest", "Invalid request."] as const;
const NOT_FOUND = ["NotFound", "Resource not found."] as const;

/** A custom or prebuilt model, or a classifier, that the caller cannot see. */
export function unknownModel(): FormError {
  return nestedError(404, NOT_FOUND, ["ModelNotFound", "The requested model was not found."]);
}

export function unknownOperation(): FormError {
  return nestedError(404, NOT_FOUND, [
    "OperationNotFound",
    "The requested operation was not found. The identifier may be invalid or the operation may have expired.",
  ]);
}

/** The source of a copy is only reserved, or being built. */
export function modelNotReady(): FormError {
  return nestedError(400, INVALID_REQUEST, [
    "ModelNotReady",
    "Model is not ready for the requested operation. Wait for training to complete or check for operation errors.",
  ]);
}

/** Also for ids that are only reserved. */
export function modelExists(): FormError {
  return nestedError(
    409,
    ["Conflict", "The request could not be completed due to a conflict."],
    ["ModelExists", "A model with the provided name already exists."],
  );
}

/** `prebuilt-…` belongs to the service. */
export function modelReadOnly(): FormError {
  return nestedError(400, INVALID_REQUEST, ["ModelReadOnly", "The requested model is read-only."]);
}

export function modelLimit(limit: number): FormError {
  return nestedError(400, INVALID_REQUEST, [
    "DocumentModelLimit",
    `Account cannot create more than ${limit} models.`,
  ]);
}

export function neuralLimit(limit: number): FormError {
  return nestedError(400, INVALID_REQUEST, [
    "DocumentModelLimitNeural",
    `Account cannot create more than ${limit} custom neural models per month.`,
  ]);
}

export function componentLimit(limit: number): FormError {
  return nestedError(400, INVALID_REQUEST, [
    "DocumentModelLimitComposed",
    `Account cannot create a model with more than ${limit} component models.`,
  ]);
}

export function cannotCompose(reason: string): FormError {
  return nestedError(400, INVALID_REQUEST, ["ModelComposeError", `Could not compose the model: ${reason}`]);
}

/** `minimum`: the first version that has the call. */
export function notSupportedApiVersion(minimum: string): FormError {
  return nestedError(400, INVALID_REQUEST, [
    "NotSupportedApiVersion",
    `The requested operation requires ${minimum} or later.`,
  ]);
}

export function parameterMissing(name: string): FormError {
  return nestedError(400, INVALID_ARGUMENT, ["ParameterMissing", `The parameter ${name} is required.`]);
}

export function invalidParameter(name: string, details: string): FormError {
  return nestedError(400, INVALID_ARGUMENT, [
    "InvalidParameter",
    `The parameter ${name} is invalid: ${details}`,
  ]);
}

export function parameterTooLong(name: string, characters: number): FormError {
  return nestedError(400, INVALID_ARGUMENT, [
    "InvalidParameterLength",
    `Parameter ${name} length must not exceed ${characters} characters.`,
  ]);
}

export function invalidContentSource(details: string): FormError {
  return nestedError(400, INVALID_ARGUMENT, [
    "InvalidContentSourceFormat",
    `Invalid content source: ${details}`,
  ]);
}

/** What a failed build carries in its operation. */
export function trainingFailure(code: string, message: string): ErrorBody {
  const [kind, text] = INVALID_REQUEST;
  return { code: kind, message: text, innererror: { code, message } };
}
