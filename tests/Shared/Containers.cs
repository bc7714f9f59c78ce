using DotNet.Testcontainers.Configurations;
using DotNet.Testcontainers.Images;
using Servers;
using Servers.Docker;
using Testcontainers.PostgreSql;
using Testcontainers.RabbitMq;

namespace TestSupport;

/// <summary>Servers in containers.</summary>
internal static class Containers
{
    private const string RyukImage = "testcontainers/ryuk:0.14.0";
    private const ushort ManagementPort = 15672;

    // Testcontainers' own client speaks no older version unless it is told to.
    private static readonly Version NewestThatMustBeNamed = new(1, 43);

    public static async Task<ServerPair> StartAsync(DockerEngine engine)
    {
        if (engine.ApiVersion <= NewestThatMustBeNamed && Environment.GetEnvironmentVariable("DOCKER_API_VERSION") is null)
        {
            Environment.SetEnvironmentVariable("DOCKER_API_VERSION", engine.ApiVersion.ToString());
        }

        // Ryuk removes containers of a test run that was killed. Without it an orderly end removes them all the same.
        TestcontainersSettings.ResourceReaperImage = new DockerImage(RyukImage);
        TestcontainersSettings.ResourceReaperEnabled &= await DockerEngine.HasImageAsync(RyukImage, CancellationToken.None);

        var postgres = new PostgreSqlBuilder(Images.Postgres)
            // Testcontainers' default command turns all durability off: the last setting of a name wins.
            .WithCommand("-c", "fsync=on", "-c", "full_page_writes=on", "-c", "synchronous_commit=on")
            .WithCommand("-c", "max_connections=300", "-c", "max_prepared_transactions=20")
            .Build();
        var rabbitMq = new RabbitMqBuilder(Images.RabbitMq).WithPortBinding(ManagementPort, assignRandomHostPort: true).Build();
        await Task.WhenAll(postgres.StartAsync(), rabbitMq.StartAsync());

        var uri = new Uri(rabbitMq.GetConnectionString());
        var management = new UriBuilder("http", rabbitMq.Hostname, rabbitMq.GetMappedPublicPort(ManagementPort))
        {
            UserName = uri.UserInfo.Split(':')[0],
            Password = uri.UserInfo.Split(':')[1],
        };
        return new ServerPair("containers", postgres.GetConnectionString(), uri.AbsoluteUri.TrimEnd('/'), management.Uri)
        {
            Stop = async () => await Task.WhenAll(postgres.DisposeAsync().AsTask(), rabbitMq.DisposeAsync().AsTask()),
        };
    }
}
