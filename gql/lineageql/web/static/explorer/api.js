// How the explorer asks: GraphQL at the service's own address, as every other client does.

import { signal, useEffect, useRef, useState } from "./lib.js";

/** The service's GraphQL address, relative to this page. */
export const ENDPOINT = new URL("graphql", document.baseURI.replace(/[?#].*$/, "")).href;

const TOKEN = `lineageql:token:${new URL(ENDPOINT).pathname}`;

/** The token that is sent, where one is needed; kept as long as the tab is open. */
export const token = signal(readToken());

/** Whether the service answered that it wants a token, or another one. */
export const tokenWanted = signal(false);

/** Grows when the reader asks for a refresh: every view asks anew. */
export const refreshes = signal(0);

/** How many questions are under way. */
export const underWay = signal(0);

function readToken() {
  try {
    return window.sessionStorage.getItem(TOKEN) ?? "";
  } catch {
    return ""; // The browser forbids it.
  }
}

/** @param {string} text */
export function useToken(text) {
  token.value = text;
  tokenWanted.value = false;
  try {
    window.sessionStorage.setItem(TOKEN, text);
  } catch {
    // It holds until the page is closed.
  }
  refreshes.value += 1;
}

/**
 * @typedef {object} GraphQLError
 * @property {string} message
 * @property {(string | number)[]} [path]
 * @property {{code?: string}} [extensions]
 */

/** What the service refused, or could not answer, in its own words. */
export class ApiError extends Error {
  /**
   * @param {string} message
   * @param {{errors?: GraphQLError[], status?: number, document?: string, variables?: object}} [more]
   */
  constructor(message, { errors = [], status = 0, document, variables } = {}) {
    super(message);
    this.name = "ApiError";
    this.errors = errors;
    this.status = status;
    this.document = document;
    this.variables = variables;
  }

  /** The error's code, such as `NOT_FOUND`; empty where there is none. */
  get code() {
    return this.errors[0]?.extensions?.code ?? "";
  }
}

/**
 * Ask once.
 *
 * @param {string} document one GraphQL operation
 * @param {Record<string, unknown>} [variables]
 * @param {{signal?: AbortSignal, partial?: boolean}} [how] `partial`: data beside errors is an answer
 * @returns {Promise<any>} the answer's `data`
 * @throws {ApiError} the service refused it, answered errors, or was not reached
 * @throws {DOMException} `AbortError`: the signal ended it
 */
export async function ask(document, variables = {}, { signal: abort, partial = false } = {}) {
  underWay.value += 1;
  try {
    return await asked(document, variables, abort, partial);
  } finally {
    underWay.value -= 1;
  }
}

async function asked(document, variables, abort, partial) {
  const fail = (message, more = {}) => new ApiError(message, { ...more, document, variables });
  const sent = token.value;
  let response;
  let text;
  try {
    response = await fetch(ENDPOINT, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/graphql-response+json, application/json",
        ...(sent && { authorization: `Bearer ${sent}` }),
      },
      body: JSON.stringify({ query: document, variables }),
      signal: abort,
    });
    text = await response.text();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw fail("The service cannot be reached.");
  }
  // A late answer to the token before says nothing of this one.
  if (response.status === 401 && sent === token.value) tokenWanted.value = true;
  let answer;
  try {
    answer = JSON.parse(text);
  } catch {
    // A proxy in between answers in its own words, often a page of HTML.
    throw fail(`The answer is not GraphQL's: ${response.status} ${response.statusText}`, { status: response.status });
  }
  const errors = answer.errors ?? [];
  if (errors.length > 0 && !(partial && answer.data)) {
    throw fail(errors.map((error) => error.message).join("\n"), { errors, status: response.status });
  }
  return answer.data;
}

/**
 * @typedef {object} Asked
 * @property {any} data the last answer's data; null before the first, and where `keep` is off and another is under way
 * @property {ApiError | null} error
 * @property {boolean} loading
 * @property {() => void} again asks once more
 */

/**
 * Ask while a view is shown, and again when the question changes or the reader refreshes.
 *
 * What was asked before and is not needed any more is ended, on the server too.
 *
 * @param {string | null} document one GraphQL operation; null asks nothing
 * @param {Record<string, unknown>} [variables]
 * @param {{keep?: boolean, partial?: boolean}} [how] `keep`: the last answer stays in sight until the next is there
 * @returns {Asked}
 */
export function useQuery(document, variables = {}, { keep = true, partial = false } = {}) {
  const [state, setState] = useState({ key: "", data: null, error: null, loading: true });
  const [times, setTimes] = useState(0);
  const question = JSON.stringify([document, variables]);
  const key = `${question}#${times}#${refreshes.value}`;
  const lastQuestion = useRef("");

  useEffect(() => {
    if (document === null) return undefined;
    const controller = new AbortController();
    const same = lastQuestion.current === question;
    lastQuestion.current = question;
    setState((before) => ({ ...before, data: keep || same ? before.data : null, loading: true }));
    ask(document, variables, { signal: controller.signal, partial }).then(
      (data) => setState({ key, data, error: null, loading: false }),
      (error) => {
        if (error.name !== "AbortError") setState({ key, data: null, error, loading: false });
      },
    );
    return () => controller.abort();
  }, [key]);

  return {
    data: state.data,
    error: state.error,
    loading: document !== null && (state.loading || state.key !== key),
    again: () => setTimes((count) => count + 1),
  };
}
