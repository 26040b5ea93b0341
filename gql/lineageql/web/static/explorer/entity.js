import { useQuery } from "./api.js";
import { LineageView } from "./later.js";
import { html } from "./lib.js";
import { href, place } from "./router.js";
import { Failure, Head, Labels, Tabs, Time, useTitle, Waiting } from "./ui.js";

const ENTITY = `query Entity($id: ID!) {
  node(id: $id) { __typename id ... on Entity { name createTime labels { key value } properties customProperties } }
}`;

export function EntityPage({ sort, id }) {
  const { data, error, again } = useQuery(ENTITY, { id });
  const entity = data?.node;
  useTitle(entity?.name ?? "");
  const tab = place.value.params.get("tab") ?? "";
  const path = [sort, id];
  const hasLineage = sort === "artifacts" || sort === "executions";
  return html`<${Head} title=${entity?.name ?? "…"} query=${{ document: ENTITY, variables: { id } }} />
    ${error && html`<${Failure} error=${error} again=${again} />`}
    ${!data && !error && html`<${Waiting} rows=${12} />`}
    ${data && !entity && html`<p class="quiet-note">The store has nothing of this id.</p>`}
    ${hasLineage && html`<${Tabs} label="Views" current=${tab} tabs=${[
      { key: "", label: "Details", href: href(path) },
      { key: "lineage", label: "Lineage", href: href(path, { tab: "lineage" }) },
    ]} />`}
    ${entity && tab === "" && html`<p><${Time} time=${entity.createTime} /> <${Labels} labels=${entity.labels} /></p>
      <pre>${JSON.stringify({ ...entity.properties, ...entity.customProperties }, null, 2)}</pre>`}
    ${entity && tab === "lineage" && html`<${LineageView} roots=${[id]} embedded=${true} />`}`;
}
