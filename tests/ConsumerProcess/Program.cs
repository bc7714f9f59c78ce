using Inbox;
using Inbox.Tests;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

// A service with the role consumer, for tests that kill it, freeze it or stop it. Its settings are in the environment:
// QUEUE names the queue, UNORDERED lets several take from it, HANDLING chooses what the handler does.
var builder = Host.CreateApplicationBuilder(args);
builder.Logging.AddFilter("Microsoft.EntityFrameworkCore", LogLevel.Warning);
builder.Services.AddDbContext<NotesContext>(options => options.UseNpgsql(builder.Configuration.GetConnectionString("Postgres")));
builder.Services.AddSingleton(Handlings.Named(builder.Configuration["HANDLING"]));
builder.Services.AddInbox<NotesContext>(inbox => inbox.Queue(builder.Configuration["QUEUE"]!, queue =>
{
    _ = builder.Configuration["HANDLING"] == "kill at decoding" ? queue.Handle<Deadly, NoteDeadly>() : queue.Handle<Noted, NoteIt>();
    if (builder.Configuration["UNORDERED"] == "true")
    {
        queue.Unordered();
    }
}));
builder.Services.AddInboxConsumers<NotesContext>();
await builder.Build().RunAsync();
