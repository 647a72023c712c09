import { Anchor } from "@mantine/core";
import { Link } from "react-router";

/** An endpoint by its name, which most records of the later stages carry. */
export function EndpointLink({ name }: { name: string }) {
  return (
    <Anchor component={Link} to={`/releases/endpoints/${encodeURIComponent(name)}`} inherit>
      {name}
    </Anchor>
  );
}
