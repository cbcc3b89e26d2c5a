import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";

// Node 18 has what jose and oauth4webapi use, but under another name.
globalThis.crypto ??= webcrypto;

// The program under test.
export const url = process.env.RATCHET_URL;

// Logs alice in as a program without a browser does.
export async function login() {
  const answer = await fetch(`${url}/auth/login`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ username: "alice", password: "wonderland" }),
  });
  assert.equal(answer.status, 200);
  return { answer, body: await answer.json() };
}
