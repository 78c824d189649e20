# Three images from one file (docker-compose.yml builds them):
#   lancershub  the binary on an empty file system, as a user without rights
#   gateway     nginx with nginx.conf and the web app
#   storage     the S3 server, as a user without rights
# The toolchain of go.mod (tests/compose compares them).
ARG GO_VERSION=1.27.4

FROM golang:${GO_VERSION} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG VERSION=development
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /out/lancershub . \
	&& mkdir -p /out/data /out/tmp

FROM scratch AS lancershub
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/lancershub /lancershub
# A named volume takes its owner from the folder it is mounted on.
COPY --from=build --chown=65532:65532 /out/data /data
COPY --from=build --chown=65532:65532 /out/tmp /tmp
USER 65532:65532
EXPOSE 8090
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s --retries=3 CMD ["/lancershub", "health", "--http", "127.0.0.1:8090"]
ENTRYPOINT ["/lancershub"]
CMD ["serve", "--http", "0.0.0.0:8090", "--data", "/data"]

# The stable series, not one release: a new build brings its security fixes.
FROM nginx:1.30-alpine AS gateway
COPY pb_public /srv/lancershub
COPY nginx.conf /etc/nginx/templates/nginx.conf.template
# The image's own start script fills in LANCERSHUB_* (and nothing else: nginx has variables of its own).
ENV NGINX_ENVSUBST_FILTER=^LANCERSHUB_ \
	NGINX_ENVSUBST_OUTPUT_DIR=/tmp \
	LANCERSHUB_LISTEN=8090 \
	LANCERSHUB_PUBLIC=/srv/lancershub \
	LANCERSHUB_PUBLIC_URL=http://127.0.0.1:8090 \
	LANCERSHUB_RUN=/tmp \
	LANCERSHUB_INCLUDE=/etc/lancershub \
	LANCERSHUB_RESOLVER=127.0.0.11 \
	LANCERSHUB_FILES=storage \
	LANCERSHUB_TRUSTED_PROXY=255.255.255.255 \
	LANCERSHUB_DASHBOARDS=on
USER nginx
EXPOSE 8090
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 CMD ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8090/healthz"]
CMD ["nginx", "-c", "/tmp/nginx.conf", "-g", "daemon off;"]

# The maintained fork of MinIO: the last release of MinIO itself has holes that were never closed there
# (CVE-2026-41145, CVE-2026-54330).
FROM docker.io/pgsty/silo:RELEASE.2026-09-16T00-00-00Z@sha256:635197cb9f36d01bee221d34d1c7d7960f6a95c48b0b6c01d99cd13bdae51a46 AS storage
COPY --from=build --chown=65532:65532 /out/data /files
USER 65532:65532
EXPOSE 9000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 CMD ["curl", "-fsS", "-o", "/dev/null", "http://127.0.0.1:9000/minio/health/live"]
CMD ["silo", "server", "/files", "--address", ":9000"]
