/** Uppy 6 talks to S3 itself; the API signs each of its requests. */
export function signRequest({ apiUrl, idToken, uppy, ...options }) {
  return {
    generateObjectKey: (file) => file.id,
    signRequest: async (request) => {
      const file = uppy.getFile(request.key);
      const about = file && { fileName: file.name, contentType: file.type, metadata: file.meta };
      const answer = await fetch(`${apiUrl}/s3/sign`, {
        method: "POST",
        headers: { Authorization: idToken, "Content-Type": "application/json" },
        body: JSON.stringify({ ...request, ...about }),
      });
      const body = await answer.json();
      if (!answer.ok) throw new Error(body.message);
      return body;
    },
    ...options,
  };
}

/** Uppy 6 asks the API for everything, and an upload token in the path says for whom. */
export function companionEndpoint({ apiUrl, companionPath, ...options }) {
  return {
    companionEndpoint: apiUrl + companionPath,
    ...options,
  };
}
