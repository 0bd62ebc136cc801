/** Uppy 5 asks the API for everything, and sends the bytes to S3. */
export function endpoint({ apiUrl, idToken, ...options }) {
  return {
    endpoint: apiUrl,
    headers: { Authorization: idToken },
    ...options,
  };
}
