using Servers.Docker;

namespace Servers.Tests.Compose;

public sealed class ComposeServersTests
{
    [Fact]
    public void Servers_of_a_run_share_no_ports_with_the_deployment_and_do_not_come_back_without_it()
    {
        var file = ComposeServers.Alone(
            """
            {
              "services": {
                "postgres": { "image": "p", "restart": "unless-stopped", "ports": [{ "target": 5432, "published": "5432" }] },
                "rabbitmq": { "image": "r", "restart": "unless-stopped", "hostname": "rabbitmq" },
                "api": { "image": "a" }
              },
              "volumes": { "postgres": { "name": "run_postgres" } }
            }
            """);

        Assert.Equal(
            """{"postgres":{"image":"p","ports":["127.0.0.1::5432"]},"rabbitmq":{"image":"r","hostname":"rabbitmq","ports":["127.0.0.1::5672","127.0.0.1::15672"]}}""",
            file["services"]!.ToJsonString());
        Assert.NotNull(file["volumes"]!["postgres"]);
    }

    [Fact]
    public void A_compose_file_without_the_servers_is_refused_by_the_name_of_the_missing_one()
    {
        var refused = Assert.Throws<ServersException>(() => ComposeServers.Alone("""{ "services": { "postgres": {} } }"""));

        Assert.Equal("docker-compose.yml has no service rabbitmq.", refused.Message);
    }
}
