import { SimpleGrid, Text } from "@mantine/core";

import type { Schema } from "~/api/types";
import { Snippet } from "~/ui/notices";

import classes from "./registry.module.css";

type Columns = Schema<"Signature">["inputs"];

/** What a model takes and what it answers. */
export function Signature({ signature }: { signature: Schema<"Signature"> }) {
  if (signature.inputs.length === 0 && signature.outputs.length === 0) {
    return (
      <>
        <Text c="dimmed">The model does not say what it takes, so requests cannot be checked before it sees them. Log it with an example:</Text>
        <Snippet sdk={`mlflow.sklearn.log_model(model, name="model", input_example=X.head(3))`} />
      </>
    );
  }
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing="xl">
      <Side caption="Takes" columns={signature.inputs} />
      <div>
        <Side caption="Answers" columns={signature.outputs} />
        {signature.params.length > 0 && <Side caption="Parameters of a request" columns={signature.params} />}
      </div>
    </SimpleGrid>
  );
}

function Side({ caption, columns }: { caption: string; columns: Columns }) {
  return (
    <table className={classes.signature}>
      <caption>{caption}</caption>
      <thead>
        <tr>
          <th scope="col">Column</th>
          <th scope="col">Type</th>
          <th scope="col">Missing values</th>
        </tr>
      </thead>
      <tbody>
        {columns.map((column) => (
          <tr key={column.name}>
            <th scope="row">{/^\d+$/.test(column.name) ? `output ${column.name}` : column.name}</th>
            <td>{column.type}</td>
            <td>{column.required ? "never" : "allowed"}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
