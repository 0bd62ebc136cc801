/** What can go wrong with an upload, told apart by what helps. */
import type { Problem } from "./machine";

/** The service cannot be reached; everything waits until it can. */
export class LineError extends Error {}
/** It is unclear what arrived: the service has to be asked. */
export class DoubtError extends Error {}
/** The file cannot be read (any more): it was moved, changed, or its disk is gone. */
export class FileError extends Error {}
/** The service or the storage refused the upload. */
export class RefusedError extends Error {
  constructor(
    readonly problem: Problem,
    /** Nothing was begun by the call. */
    readonly isCertain = false,
    /** The photo that is meant, where the service names one. */
    readonly photoId?: string,
  ) {
    super(problem.message);
  }

  get code(): string {
    return this.problem.code;
  }
}
