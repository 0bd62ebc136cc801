// Compiled and run by test_generated_clients.py: what a program that uses the API may look like.
declare const process: { argv: string[] };
import createClient from "openapi-fetch";
import type { paths } from "./schema.js";

const [baseUrl, token] = process.argv.slice(2) as [string, string];
const client = createClient<paths>({ baseUrl, headers: { Authorization: token } });

const begun = await client.POST("/photos/initiate-upload", {
  body: { fileName: "sunset.jpg", contentType: "image/jpeg", sizeBytes: 1024, tags: ["sea"] },
});
if (begun.error) throw new Error(begun.error.message);
const { photoId } = begun.data;

const read = await client.GET("/photos/{photoId}", { params: { path: { photoId } } });
if (read.error) throw new Error(read.error.message);
const tags: string[] = read.data.tags;

const missing = await client.GET("/photos/{photoId}", {
  params: { path: { photoId: "00000000-0000-4000-8000-000000000000" } },
});
if (!missing.error) throw new Error("There is no such photo.");
console.log(JSON.stringify({ status: read.data.status, tags, code: missing.error.code }));
