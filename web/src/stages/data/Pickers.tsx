import { Group, Select } from "@mantine/core";

import { useGet } from "~/api/queries";

/** Which two versions of a dataset are meant. */
export function Pickers(props: { dataset: string; view: { before: string; after: string }; ids: [string, string]; onChange: (changes: { before?: string; after?: string }) => void }) {
  const versions = useGet("/api/v1/datasets/{ref}/versions", { path: { ref: props.dataset } });
  const choices = versions.data?.map((version) => ({ value: version.id, label: `v${version.number}` })) ?? [];
  return (
    <Group>
      <Select label="Before" w={140} searchable allowDeselect={false} data={choices} value={props.ids[0]} onChange={(before) => before && props.onChange({ before })} />
      <Select label="After" w={140} searchable allowDeselect={false} data={choices} value={props.ids[1]} onChange={(after) => after && props.onChange({ after })} />
    </Group>
  );
}
