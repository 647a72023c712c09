/** Records under the names people gave them: `nyc/flights@v4` instead of `ver_…a1b2c3`. */
import { useGet } from "~/api/queries";
import { cutAtIds, kindOf, pageOf } from "~/ui/links";
import { IdLink } from "~/ui/small";

/** A link to any record, labelled with its name as soon as that is known. */
export function RecordLink({ id }: { id: string }) {
  const Named = NAMED[kindOf(id) ?? ""];
  return Named ? <Named id={id} /> : <IdLink id={id} />;
}

/** A sentence of the server, with the ids in it as links. */
export function Reason({ text }: { text: string }) {
  if (text === "") return null;
  return (
    <span>
      {cutAtIds(text).map((part, place) => (pageOf(part) ? <RecordLink key={place} id={part} /> : part))}
    </span>
  );
}

/** Who did it: a person, the loop, or a job, which has a page. */
export function By({ actor }: { actor: string }) {
  return actor.startsWith("job:") ? <IdLink id={actor.slice(4)} label="a job" /> : <>{actor}</>;
}

const NAMED: Record<string, (props: { id: string }) => React.ReactNode> = {
  "data version": ({ id }) => {
    const { data } = useGet("/api/v1/data-versions/{ref}", { path: { ref: id } });
    return <Labelled id={id} label={data && `${data.dataset}@v${data.number}`} />;
  },
  "version of a file set": ({ id }) => {
    const { data } = useGet("/api/v1/file-set-versions/{ref}", { path: { ref: id } });
    return <Labelled id={id} label={data && `${data.file_set}@v${data.number}`} />;
  },
  "file set": ({ id }) => {
    const { data } = useGet("/api/v1/file-sets/{ref}", { path: { ref: id } });
    return <Labelled id={id} label={data?.name} />;
  },
  "model version": ({ id }) => {
    const { data } = useGet("/api/v1/model-versions/{ref}", { path: { ref: id } });
    return <Labelled id={id} label={data && `${data.version.model} v${data.version.number}`} />;
  },
  hypothesis: ({ id }) => {
    const { data } = useGet("/api/v1/hypotheses/{ref}", { path: { ref: id } });
    return <Labelled id={id} label={data?.name} />;
  },
  source: ({ id }) => {
    const { data } = useGet("/api/v1/sources/{ref}", { path: { ref: id } });
    return <Labelled id={id} label={data?.state.source.name} />;
  },
  dataset: ({ id }) => {
    const { data } = useGet("/api/v1/datasets/{ref}", { path: { ref: id } });
    return <Labelled id={id} label={data?.name} />;
  },
  mart: ({ id }) => {
    const { data } = useGet("/api/v1/marts/{ref}", { path: { ref: id } });
    return <Labelled id={id} label={data?.mart.name} />;
  },
  "mart build": ({ id }) => {
    const { data } = useGet("/api/v1/mart-builds/{build_id}", { path: { build_id: id } });
    return <Labelled id={id} label={data && `SQL of ${data.ref ?? data.mart}`} />;
  },
  endpoint: ({ id }) => {
    const { data } = useGet("/api/v1/endpoints/{ref}", { path: { ref: id } });
    return <Labelled id={id} label={data?.name} />;
  },
  model: ({ id }) => {
    const { data } = useGet("/api/v1/models/{name}", { path: { name: id } });
    return <Labelled id={id} label={data?.model.name} />;
  },
  "gate check": ({ id }) => <Labelled id={id} label="what the gate said" />,
  "training entry": ({ id }) => {
    const { data } = useGet("/api/v1/entries/{ref}", { path: { ref: id } });
    return <Labelled id={id} label={data && `${data.name}@v${data.number}`} />;
  },
  run: ({ id }) => {
    const { data } = useGet("/api/v1/runs/{run_id}", { path: { run_id: id } });
    return <Labelled id={id} label={data && (data.run.name || undefined)} />;
  },
};

function Labelled({ id, label }: { id: string; label: string | undefined }) {
  return <IdLink id={id} {...(label !== undefined && { label })} />;
}
