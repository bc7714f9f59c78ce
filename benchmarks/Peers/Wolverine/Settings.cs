namespace WolverinePeer;

/// <param name="Postgres">An Npgsql connection string.</param>
/// <param name="RabbitMq">An AMQP URI.</param>
/// <param name="Queue">The quorum queue that messages go to or come from.</param>
/// <param name="Confirms">Publisher confirms, which are off as it ships.</param>
public sealed record Settings(string Postgres, string RabbitMq, string Queue, bool Confirms)
{
    public static Settings FromEnvironment() => new(Read("PEER_POSTGRES"), Read("PEER_RABBITMQ"), Read("PEER_QUEUE"), Read("PEER_CONFIRMS") == "on");

    private static string Read(string name) =>
        Environment.GetEnvironmentVariable(name) ?? throw new InvalidOperationException($"{name} is not set.");
}
