// PostGraphile over MLMD's tables, for tests/bench/postgraphile.py, which copies this file beside its packages.
// libpq's variables, PGHOST and so on, say where the database is. It prints the port once it answers.
import { createServer } from "node:http";
import pg from "pg";
import { postgraphile } from "postgraphile";
import { makePgService } from "postgraphile/adaptors/pg";
import { grafserv } from "postgraphile/grafserv/node";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { jsonPgSmartTags } from "postgraphile/utils";

const SCHEMA = "public";

// MLMD's schema declares no foreign keys. The fields that they give are named here too.
const tagged = (...foreignKey) => ({ tags: { foreignKey } });
const tags = {
  [`${SCHEMA}.event`]: {
    ...tagged(
      "(artifact_id) references artifact (id)|@fieldName artifact|@foreignFieldName events",
      "(execution_id) references execution (id)|@fieldName execution|@foreignFieldName events",
    ),
    attribute: { type: { tags: { behavior: "+filterBy" } } },
  },
  [`${SCHEMA}.artifactproperty`]: tagged(
    "(artifact_id) references artifact (id)|@fieldName artifact|@foreignFieldName properties",
  ),
  [`${SCHEMA}.executionproperty`]: tagged(
    "(execution_id) references execution (id)|@fieldName execution|@foreignFieldName properties",
  ),
};

const server = createServer();
const instance = postgraphile({
  extends: [PostGraphileAmberPreset],
  plugins: [jsonPgSmartTags({ version: 1, config: { class: tags } })],
  // No subscriptions: nothing listens to the database. The pool has pg's default of 10 connections, as LineageQL has.
  pgServices: [makePgService({ pool: new pg.Pool({ max: 10 }), schemas: [SCHEMA], pubsub: false })],
  grafserv: { graphiql: false, websockets: false, watch: false },
  grafast: { explain: false },
});
await instance.createServ(grafserv).addTo(server);
await instance.getSchema();
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
