import { useQuery } from "./api.js";
import { SORTS } from "./kinds.js";
import { html } from "./lib.js";
import { EntityLink, Failure, Head, Time, useTitle, Waiting } from "./ui.js";

export function TablePage({ sort }) {
  const { title } = SORTS[sort];
  useTitle(title);
  const document = `query List($first: Int!) {
  ${sort}(first: $first, orderBy: {field: CREATE_TIME, direction: DESC}) {
    nodes { __typename id name createTime ${sort === "artifacts" ? "kind version" : ""} }
  }
}`;
  const variables = { first: 100 };
  const { data, error, again } = useQuery(document, variables, { keep: false });
  return html`<${Head} title=${title} query=${{ document, variables }} />
    ${error && html`<${Failure} error=${error} again=${again} />`}
    ${!data && !error && html`<${Waiting} rows=${12} />`}
    ${data &&
    html`<div class="table-scroll"><table class="table">
      <thead><tr><th scope="col">Name</th><th scope="col">Recorded</th></tr></thead>
      <tbody>
        ${data[sort].nodes.map((node) => html`<tr key=${node.id}><th scope="row"><${EntityLink} entity=${node} /></th><td><${Time} time=${node.createTime} /></td></tr>`)}
      </tbody>
    </table></div>`}`;
}
