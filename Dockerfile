# Two images from one build: the service, in whichever roles it is told to run, and the job that migrates its database.
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source

# Restored before the sources are copied: a change of code does not restore again.
COPY global.json Directory.Build.props Directory.Packages.props ./
COPY src/Directory.Build.props src/
COPY src/Messaging/Messaging.csproj src/Messaging/
COPY src/Outbox/Outbox.csproj src/Outbox/
#if (!noInbox)
COPY src/Inbox/Inbox.csproj src/Inbox/
#endif
COPY src/OrderService/OrderService.csproj src/OrderService/
COPY migrations/Migrations.csproj migrations/
RUN dotnet restore migrations/Migrations.csproj \
 && dotnet restore src/OrderService/OrderService.csproj --use-current-runtime

COPY .editorconfig ./
COPY src/ src/
COPY migrations/ migrations/
RUN dotnet publish src/OrderService/OrderService.csproj --no-restore --configuration Release --use-current-runtime --no-self-contained --output /service \
 && dotnet publish migrations/Migrations.csproj --no-restore --configuration Release --output /migrations

FROM mcr.microsoft.com/dotnet/aspnet:10.0 AS migrations
WORKDIR /app
COPY --from=build /migrations ./
USER app
ENTRYPOINT ["dotnet", "Migrations.dll"]

FROM mcr.microsoft.com/dotnet/aspnet:10.0 AS service
WORKDIR /app
COPY --from=build /service ./
ENV ASPNETCORE_HTTP_PORTS=8080
EXPOSE 8080
USER app
# The image has no curl: the program asks the one that runs beside it. Not often, since each check starts a runtime.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 CMD ["dotnet", "OrderService.dll", "--health"]
ENTRYPOINT ["dotnet", "OrderService.dll"]
