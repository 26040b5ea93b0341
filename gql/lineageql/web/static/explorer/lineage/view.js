// The lineage of one or several nodes.

import { useQuery } from "../api.js";
import { html } from "../lib.js";
import { EntityLink, Failure, Head, Waiting } from "../ui.js";

const LINEAGE = `query Lineage($roots: [ID!]!, $maxHops: Int) {
  lineage(roots: $roots, maxHops: $maxHops) {
    complete
    limits
    nodes { hops node { __typename id name ... on Artifact { kind version } } }
  }
}`;

/**
 * @param {{roots: string[], embedded: boolean}} props `roots`: ids of artifacts and executions; `embedded`: within the
 *     page of an entity, which has a heading of its own. All else that it shows is in the address: `place.value.params`.
 */
export function LineageView({ roots, embedded }) {
  const variables = { roots, maxHops: 4 };
  const { data, error, again } = useQuery(roots.length > 0 ? LINEAGE : null, variables);
  return html`${!embedded && html`<${Head} title="Lineage" query=${{ document: LINEAGE, variables }} />`}
    ${error && html`<${Failure} error=${error} again=${again} />`}
    ${!data && !error && html`<${Waiting} rows=${12} />`}
    ${data &&
    html`<ul class="rows">
      ${data.lineage.nodes.map(
        ({ hops, node }) => html`<li key=${node.id}><span>${hops}</span><span class="row-main"><${EntityLink} entity=${node} /></span></li>`,
      )}
    </ul>`}`;
}
