import { Select } from "@mantine/core";

import { useEndpoints } from "./endpoints";

/** A filter: all endpoints, or one by name. Not shown while there is only one. */
export function EndpointPicker({ value, onChange }: { value: string; onChange: (name: string) => void }) {
  const { endpoints } = useEndpoints();
  if (endpoints.length < 2 && value === "") return null;
  return (
    <Select
      size="xs"
      w={190}
      aria-label="Endpoint"
      placeholder="Every endpoint"
      clearable
      data={endpoints.map((one) => one.name)}
      value={value || null}
      onChange={(name) => onChange(name ?? "")}
    />
  );
}
