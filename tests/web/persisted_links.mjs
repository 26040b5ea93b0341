// Apollo's and urql's persisted links, as their users write them; prints what was sent and answered, a line each.
// Arguments: the service's address, a file with a document, its variables as JSON.
import { readFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { Client, cacheExchange, fetchExchange } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";

const [url, file, variables] = process.argv.slice(2);
const text = readFileSync(file, "utf8");

/** A fetch that notes of each request its method and whether it held the text. */
function noted(notes) {
  return async (address, options) => {
    const body = options.body ? JSON.parse(options.body) : Object.fromEntries(new URL(address).searchParams);
    notes.push(`${options.method ?? "GET"}${body.query ? " text" : ""}${/sha256Hash/.test(JSON.stringify(body)) ? " hash" : ""}`);
    return fetch(address, options);
  };
}

function told(library, notes, data, errors) {
  const codes = (errors ?? []).map((error) => error.extensions?.code ?? String(error));
  console.log(JSON.stringify({ library, sent: notes, fields: Object.keys(data ?? {}), codes }));
}

async function apollo(useGETForHashedQueries) {
  const notes = [];
  const sha256 = (printed) => createHash("sha256").update(printed).digest("hex");
  const link = ApolloLink.from([
    new PersistedQueryLink({ sha256, useGETForHashedQueries }),
    new HttpLink({ uri: `${url}/graphql`, fetch: noted(notes) }),
  ]);
  const client = new ApolloClient({ link, cache: new InMemoryCache() });
  for (let time = 0; time < 2; time += 1) {
    const answer = await client
      .query({ query: gql(text), variables: JSON.parse(variables), fetchPolicy: "no-cache" })
      .catch((error) => ({ error }));
    told("apollo", notes.splice(0), answer.data, answer.error?.errors ?? (answer.error && [answer.error]));
  }
}

async function urql(preferGetForPersistedQueries) {
  const notes = [];
  const client = new Client({
    url: `${url}/graphql`,
    fetch: noted(notes),
    exchanges: [cacheExchange, persistedExchange({ preferGetForPersistedQueries }), fetchExchange],
  });
  for (let time = 0; time < 2; time += 1) {
    const answer = await client.query(text, JSON.parse(variables), { requestPolicy: "network-only" });
    told("urql", notes.splice(0), answer.data, answer.error?.graphQLErrors.length ? answer.error.graphQLErrors : answer.error && [answer.error]);
  }
}

await apollo(false);
await apollo(true);
await urql(false);
await urql("force");
