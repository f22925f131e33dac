// What a dashboard is, by Grafana's own types: every panel with the options of its kind.
import type { AnnotationQuery, Dashboard, Panel } from "@grafana/schema";
import type { Options as Stat } from "@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen";
import type {
  FieldConfig as Drawn,
  Options as TimeSeries,
} from "@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen";

// In JSON an enum is its value.
type Json<T> = T extends string ? `${T}` : T extends object ? { [Key in keyof T]: Json<T[Key]> } : T;

interface Query {
  refId: string;
  expr: string;
  legendFormat?: string;
  instant?: boolean;
}

interface Shown<Kind extends string, Options, Custom> extends Omit<Panel, "type" | "options" | "fieldConfig" | "targets"> {
  type: Kind;
  title: string;
  description: string;
  options: Options;
  fieldConfig: NonNullable<Panel["fieldConfig"]> & { defaults: { custom?: Partial<Custom> } };
  targets: Query[];
}

interface Row {
  type: "row";
  id: number;
  title: string;
  collapsed: boolean;
  gridPos: NonNullable<Panel["gridPos"]>;
  panels: [];
}

interface Ours extends Omit<Dashboard, "panels" | "annotations"> {
  annotations: { list: (AnnotationQuery & { expr: string; titleFormat: string })[] };
  panels: (Shown<"timeseries", TimeSeries, Drawn> | Shown<"stat", Stat, never> | Row)[];
}

export type Given = Json<Ours>;
