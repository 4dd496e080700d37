{{- /*
The pod of a component.
root: the chart's context; name: the component; values: its values; args: its command; port: name and number of its port
*/ -}}
{{- define "shiftwire.pod" -}}
{{- $own := merge (dict "app.kubernetes.io/component" .name) (include "shiftwire.selector" .root | fromYaml) -}}
{{- $probe := dict "httpGet" (dict "path" "/livez" "port" .port.name) -}}
{{- $ready := dict "httpGet" (dict "path" "/readyz" "port" .port.name) -}}
metadata:
  annotations:
    checksum/config: {{ .root.Values.config | toJson | sha256sum }}
    checksum/secrets: {{ .root.Values.secrets | toJson | sha256sum }}
    {{- if .root.Values.metrics.annotations }}
    prometheus.io/scrape: "true"
    prometheus.io/port: {{ .port.number | toString | quote }}
    prometheus.io/path: /metrics
    {{- end }}
    {{- with .values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  labels:
    {{- /* Not the version of the chart: it alone would restart the pods. */ -}}
    {{- merge (deepCopy $own) (omit (include "shiftwire.labels" .root | fromYaml) "helm.sh/chart") .values.podLabels | toYaml | nindent 4 }}
spec:
  serviceAccountName: {{ include "shiftwire.serviceAccountName" .root }}
  automountServiceAccountToken: false
  # A Service's name would become variables such as SHIFTWIRE_WEB_PORT.
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ .values.terminationGracePeriodSeconds }}
  securityContext:
    {{- toYaml .root.Values.podSecurityContext | nindent 4 }}
  {{- with .root.Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  containers:
    - name: {{ .name }}
      image: {{ include "shiftwire.image" .root | quote }}
      imagePullPolicy: {{ .root.Values.image.pullPolicy }}
      args:
        {{- toYaml .args | nindent 8 }}
      env:
        - name: SHIFTWIRE_CONFIG
          value: /etc/shiftwire/shiftwire.yaml
        {{- with .values.env }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- if or .root.Values.secrets .root.Values.existingSecret }}
      envFrom:
        {{- if .root.Values.secrets }}
        - secretRef:
            name: {{ include "shiftwire.fullname" .root }}
        {{- end }}
        {{- with .root.Values.existingSecret }}
        - secretRef:
            name: {{ . }}
        {{- end }}
      {{- end }}
      ports:
        - name: {{ .port.name }}
          containerPort: {{ .port.number }}
      startupProbe:
        {{- merge (deepCopy $probe) .values.startupProbe | toYaml | nindent 8 }}
      livenessProbe:
        {{- merge (deepCopy $probe) .values.livenessProbe | toYaml | nindent 8 }}
      readinessProbe:
        {{- merge $ready .values.readinessProbe | toYaml | nindent 8 }}
      {{- with .values.lifecycle }}
      lifecycle:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      resources:
        {{- toYaml .values.resources | nindent 8 }}
      securityContext:
        {{- toYaml .root.Values.securityContext | nindent 8 }}
      volumeMounts:
        - name: config
          mountPath: /etc/shiftwire
          readOnly: true
        - name: tmp
          mountPath: /tmp
        {{- with .values.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    - name: config
      configMap:
        name: {{ include "shiftwire.fullname" .root }}
    - name: tmp
      emptyDir:
        sizeLimit: 64Mi
    {{- with .values.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with .values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .values.topologySpreadConstraints }}
  topologySpreadConstraints:
    {{- range . }}
    - {{ merge (dict) . (dict "labelSelector" (dict "matchLabels" $own)) | toYaml | nindent 6 | trim }}
    {{- end }}
  {{- end }}
{{- end }}
