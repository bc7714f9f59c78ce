namespace Servers.Docker;

/// <summary>The images that stand in docker-compose.yml and that tests run.</summary>
public static class Images
{
    /// <summary>PostgreSQL.</summary>
    public const string Postgres = "postgres:17";

    /// <summary>RabbitMQ with its management plugin.</summary>
    public const string RabbitMq = "rabbitmq:4-management";
}
