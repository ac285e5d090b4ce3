{{- define "clguard.name" -}}
{{- printf "%s-%s" .Release.Name (default .Chart.Name .Values.nameOverride) | trunc 63 | trimSuffix "-" -}}
{{- end }}
{{- define "clguard.selector" -}}
app.kubernetes.io/name: clguard
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}
{{- define "clguard.labels" -}}
{{ include "clguard.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}
