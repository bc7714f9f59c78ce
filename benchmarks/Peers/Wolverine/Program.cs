using Microsoft.Extensions.Hosting;
using Npgsql;
using WolverinePeer;

// The peer, with the settings that its documentation recommends for throughput and durability. ./bench starts it with its
// servers' addresses in the environment, tells it on standard input what to do, and hears on standard output how it went.
var settings = Settings.FromEnvironment();
var databases = new Databases(NpgsqlDataSource.Create(settings.Postgres), NpgsqlDataSource.Create(settings.Postgres));
IHost? host = null;
while (await Console.In.ReadLineAsync() is { } line)
{
    switch (line.Split(' '))
    {
        case ["start"]:
            host = await Hosting.StartAsync(settings, databases, args is ["consume"] ? Consuming.Configure : Publishing.Configure);
            Console.WriteLine("ready");
            break;
        case ["commit", var messages, var committers]:
            await Publishing.CommitAllAsync(host!.Services, int.Parse(messages), int.Parse(committers));
            Console.WriteLine("committed");
            break;
        case ["pace", var uncounted, var messages]:
            Console.WriteLine(string.Join(' ', await Publishing.PaceAsync(host!.Services, int.Parse(uncounted), int.Parse(messages))));
            break;
        case ["stop"]:
            await host!.StopAsync();
            host.Dispose();
            Console.WriteLine("stopped");
            break;
    }
}
