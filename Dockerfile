# Two stages: a toolchain that builds one static file, and that file alone.
#   docker build -t chronatog .
#   docker run -p 8090:8090 -v chronatog:/data chronatog
FROM swift:6.3-bookworm AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends binutils ca-certificates libz-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
# Dependencies in a layer of their own: they change less often than the sources.
COPY Package.swift ./
RUN swift package resolve --scratch-path .build-static
COPY .ci .ci
COPY Sources Sources
RUN .ci/static /image/chronatog \
    && install -D -m 644 /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ca-certificates.crt \
    && install -d -m 700 -o 10001 -g 10001 /image/data \
    && install -d -m 1777 /image/tmp

FROM scratch
COPY --from=build /image /
# By number, because there is no /etc/passwd. A mounted volume takes the owner of /data from here.
USER 10001:10001
ENV CHRONATOG_LISTEN=0.0.0.0:8090 CHRONATOG_DATA_DIR=/data
VOLUME /data
EXPOSE 8090
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["/chronatog", "healthcheck"]
ENTRYPOINT ["/chronatog"]
CMD ["serve"]
