# syntax=docker/dockerfile:1
FROM --platform=$BUILDPLATFORM golang:1.26.8 AS build
ARG TARGETOS
ARG TARGETARCH
ARG VERSION
ARG COMMIT
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY fn fn
COPY pkg pkg
RUN CGO_ENABLED=0 GOOS=${TARGETOS} GOARCH=${TARGETARCH} go build -trimpath -buildvcs=false -ldflags="-s -w -X github.com/failover-krm/failover/pkg/command.version=${VERSION} -X github.com/failover-krm/failover/pkg/command.commit=${COMMIT}" -o /out/failover ./fn/failover
# kpt and kustomize run an image as nobody, by name.
RUN echo 'nobody:x:65532:65532:nobody:/:/sbin/nologin' >/out/passwd

FROM scratch
ARG VERSION
LABEL org.opencontainers.image.title="failover" \
      org.opencontainers.image.description="Render active/passive failover for Envoy Gateway and Calico Ingress Gateway." \
      org.opencontainers.image.source="https://github.com/failover-krm/failover" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}"
COPY --from=build /out/passwd /etc/passwd
COPY --from=build /out/failover /usr/local/bin/failover
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/failover"]
