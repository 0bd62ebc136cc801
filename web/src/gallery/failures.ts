/** Why a photo failed, for whoever took it. The service's own message stands beside it. */
import type { Photo } from "../api/client";

const WORDS: Record<string, string> = {
  UnsupportedContent: "This is no kind of picture or video that Photodrop knows.",
  ContentTypeMismatch: "The file is not what its name says.",
  SizeMismatch: "The file arrived with another length than announced. Please upload it again.",
  CorruptImage: "The file is damaged or cut off.",
  CorruptVideo: "The file is damaged or cut off.",
  NoVideoStream: "There is no picture in this video.",
  EmptyFile: "The file is empty.",
  TooManyPixels: "The picture is larger than this service accepts.",
  SideTooLong: "One side of the picture is longer than this service accepts.",
  TooManyFrames: "The animation has too many frames.",
  TooMuchMemory: "The file takes more memory than this service has.",
  TooMuchTime: "The file takes more time to read than this service has.",
  FileTooLarge: "The file is larger than allowed.",
  ProcessingFailed: "It could not be processed, in several tries. Please upload it again.",
  UploadRemoved: "The file was gone before it could be processed. Please upload it again.",
  UploadExpired: "The file never arrived in time. Please upload it again.",
  UploadCancelled: "The upload was cancelled.",
};

export function whyFailed(photo: Pick<Photo, "failure">): string {
  const { failure } = photo;
  if (!failure) return "It could not be processed.";
  return WORDS[failure.code] ?? failure.message;
}
